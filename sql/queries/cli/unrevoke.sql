-- $1 user or token, $2 its sub or jti.
SELECT wasla.unrevoke($1, $2)
