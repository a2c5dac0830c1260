-- A copy of the database must never use, renew or revoke what belongs to the original.
UPDATE l10n_pl_ksef_session
   SET state = 'revoked',
       revoke_requested = FALSE,
       problem = NULL
 WHERE state IN ('waiting', 'submitted', 'authorized', 'active', 'opened', 'ordered', 'closing');

UPDATE l10n_pl_ksef_session
   SET document_secret = NULL,
       authentication_token_secret = NULL,
       access_token_secret = NULL,
       refresh_token_secret = NULL,
       opened_with_secret = NULL,
       statement_secret = NULL,
       next_attempt = NULL,
       renew_at = NULL;

UPDATE l10n_pl_ksef_certificate
   SET state = 'foreign',
       revoke_requested = FALSE,
       private_key_secret = NULL,
       certificate_secret = NULL,
       issued_secret = NULL,
       identity_digest = NULL,
       next_attempt = NULL;

-- What clients gave the office, they gave it for the original.
DELETE FROM l10n_pl_ksef_grant;

DELETE FROM l10n_pl_ksef_office;

-- They say for which NIPs the original's certificates log in.
DELETE FROM l10n_pl_ksef_agreement;

UPDATE l10n_pl_ksef_authorization
   SET document_secret = NULL,
       document_name = NULL;

UPDATE res_company
   SET l10n_pl_ksef_environment = 'test';

-- The copy may make a key of its own, for trials in KSeF's test environment.
DELETE FROM ir_config_parameter
 WHERE key IN ('l10n_pl_ksef_auth.key_fingerprint', 'l10n_pl_ksef_auth.home',
               'l10n_pl_ksef_auth.key_backed_up');

-- The links lead to the original, and its signers are nobody's business here.
DELETE FROM l10n_pl_ksef_request_token;
DELETE FROM l10n_pl_ksef_link_address;

UPDATE l10n_pl_ksef_request
   SET state = 'revoked',
       ended_at = now() AT TIME ZONE 'utc',
       mail_due = NULL
 WHERE state = 'open';
