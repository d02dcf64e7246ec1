"""The contenders: one module for each framework, and it imports only that framework.

Each public function takes the options of the command line as a dict, prepares, and returns a
function that runs once and gives `{quantity: value}`: seconds, or bytes for a size.
"""
