"""What can be wrong with a file or with how it is described."""

from contracts.errors import RiskstreamError


class FileError(RiskstreamError):
    """A file cannot be read as what it is said to be; the text is one sentence that says what to do."""
