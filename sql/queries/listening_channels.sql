-- What this very session listens to: a transaction pooler accepts LISTEN on one session and runs this on another.
SELECT pg_listening_channels()
