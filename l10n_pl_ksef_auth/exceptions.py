"""What other addons catch when they ask for a token; tools/errors.py has what KSeF itself says."""

from odoo.exceptions import UserError

from .tools.errors import KsefError


class LoginNeeded(UserError, KsefError):
    """Only a human can help: the company has to be connected again.

    In a user's request the web client shows the sentence with a button that leads to the window
    "Account authorization"; in a scheduled action it is an exception like any other.

    :param str message: what happened and what to do, in the user's language
    :param action: id of the action behind the button, or None
    :param str button: the button's label
    """

    retryable = True

    def __init__(self, message="There is no login to KSeF.", action=None, button=None):
        # The web client reads these arguments as those of a RedirectWarning, a context the last.
        Exception.__init__(self, message, action, button, None)
        self.code = "not_connected"

    def __str__(self):
        return self.args[0]

    def after(self, sentence):
        """Return the same behind a sentence that says what it means for the caller."""
        message, action, button, _context = self.args
        return LoginNeeded(f"{sentence} {message}", action, button)


class LoginBusy(UserError, KsefError):
    """Another worker is talking to KSeF for this company and did not finish in time: try again."""

    retryable = True

    def __init__(self, message):
        Exception.__init__(self, message)
        self.code = "busy"
