"""Files and stores of labelled transactions to `training.columns`, in chunks, so that they need not fit into memory."""
