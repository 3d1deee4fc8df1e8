-- Whether the triggers ring at all: PREPARE TRANSACTION is refused after a NOTIFY, so where it is allowed they do not.
SELECT current_setting('max_prepared_transactions') = '0'
