"""What is written beside a model: one HTML page, the same in Markdown, and a model card."""
