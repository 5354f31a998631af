"""`python -m autorecon ...` is `autorecon ...`."""

from autorecon.cli import main

if __name__ == "__main__":
    main()
