-- A copy of the database must never use, renew or revoke what belongs to the original.
UPDATE l10n_pl_ksef_session
   SET state = 'revoked',
       document_secret = NULL,
       authentication_token_secret = NULL,
       access_token_secret = NULL,
       refresh_token_secret = NULL,
       next_attempt = NULL,
       renew_at = NULL
 WHERE state IN ('waiting', 'submitted', 'authorized', 'active');

UPDATE l10n_pl_ksef_certificate
   SET state = 'foreign',
       private_key_secret = NULL,
       next_attempt = NULL;

UPDATE res_company
   SET l10n_pl_ksef_environment = 'test';
