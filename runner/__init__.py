"""What ./run does: prepares the machine, runs servers and application under a supervisor, runs the checks.

It knows no complaints: only programs, folders, sockets and Django commands by name. It uses the standard library, and
supervisor once the virtual environment exists. Read `serve.py` first.
"""
