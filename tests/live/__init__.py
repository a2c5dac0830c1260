"""`./run live`: the whole life of a connection on KSeF's TEST environment, as a guest.

What is known of KSeF and can be seen from outside is a list of facts (facts/), each a small
function that does one thing at KSeF and says what it saw. The runner works them off, the door keeps
the rules of a guest, the journal remembers what there is to clean up, the redactor takes out what
must not leave this machine. All of it runs against the simulator too (`--base-url`).
"""
