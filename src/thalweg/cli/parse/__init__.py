"""Words of the command line as systems, parameters, domains, starts and keys."""
