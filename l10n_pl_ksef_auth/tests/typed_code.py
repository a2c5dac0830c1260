"""What code that was typed into Odoo sees of the code around it, by `str.format` alone."""

from odoo.tools.safe_eval import safe_eval

LOOK_UP = """
try:
    [][0]
except Exception as error:
    path = '{0.__traceback__.tb_frame'
    for _depth in range(200):
        try:
            if 'ksef' in (path + '.f_code.co_filename}').format(error):
                seen.append((path + '.f_locals}').format(error))
        except Exception:
            break
        path += '.f_back'
"""
LOOK_DOWN = """
try:
    work()
except Exception as error:
    path = '{0.__traceback__'
    for _depth in range(50):
        try:
            seen.append((path + '.tb_frame.f_locals}').format(error))
        except Exception:
            break
        path += '.tb_next'
"""


def look_up():
    """Have typed code read the variables of whoever called it, in our files; return the texts."""
    seen = []
    safe_eval(LOOK_UP, {"seen": seen}, mode="exec")
    return seen


def look_down(work):
    """Have typed code call something that fails, and read its variables; return the texts."""
    seen = []
    safe_eval(LOOK_DOWN, {"seen": seen, "work": work}, mode="exec")
    return seen
