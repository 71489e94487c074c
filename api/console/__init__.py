"""The console page: plain HTML, CSS and ES modules, served by `api.console_files`."""
