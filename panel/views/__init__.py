"""Views, one file per page: read the request, call one function of `panel.pages`, render."""
