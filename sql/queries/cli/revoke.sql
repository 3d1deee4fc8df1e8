-- $1 user or token, $2 its sub or jti, $3 Unix seconds until which the token would have held, or null.
SELECT wasla.revoke($1, $2, to_timestamp($3::float8))
