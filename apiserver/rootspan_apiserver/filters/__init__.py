"""What a request passes before a handler sees it: one filter a module, put in order by `chain`."""
