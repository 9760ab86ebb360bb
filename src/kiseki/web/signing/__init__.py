"""What an artist signs on their own phone: a link, a passkey, the terms, the drawings, a signature.

desk      the studio's invitations, and the one connection that prepares what is signed
passkeys  what a browser is asked and answers (WebAuthn)
pages     the pages behind a link
"""
