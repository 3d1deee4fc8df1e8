-- A vehicle that is taken out does not leave: its exit pass goes.
DELETE FROM public.exit_passes WHERE queue_id = $1 RETURNING id
