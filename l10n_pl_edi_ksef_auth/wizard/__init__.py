from . import sent_outside
