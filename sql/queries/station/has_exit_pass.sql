-- Does the vehicle hold its exit pass?
SELECT EXISTS (SELECT FROM public.exit_passes WHERE queue_id = $1)
