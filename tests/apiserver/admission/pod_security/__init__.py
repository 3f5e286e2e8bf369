"""PodSecurity: its rules, its levels, its configuration, and the plugin."""
