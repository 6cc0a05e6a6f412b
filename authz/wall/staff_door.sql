-- The person whose session it is, while staff. NULL for everybody else.
CREATE OR REPLACE FUNCTION mandant_staff(principal bytea)
RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  RETURN (
    SELECT staff.user_id FROM sessions JOIN staff ON staff.user_id = sessions.user_id
    WHERE sessions.digest = principal AND sessions.expires_at > now()
  );
END
$body$;

-- Whether the session of staff has not proved the second factor that the account requires.
CREATE OR REPLACE FUNCTION mandant_staff_barred(principal bytea, account uuid)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  RETURN coalesce(
    (SELECT mandant_second_factor_bars(principal, master_id, id) FROM accounts WHERE id = account), false
  );
END
$body$;

-- Shows the rest of the transaction the account's tree and no other. The lock on the row keeps the person
-- staff until the transaction ends. One row; none where the caller is no staff or the account does not exist.
CREATE OR REPLACE FUNCTION mandant_enter_as_staff(principal bytea, account uuid)
RETURNS TABLE ($entered)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  SELECT user_id, role INTO entered_user_id, entered_role
    FROM staff WHERE user_id = mandant_staff(principal) FOR SHARE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT master_id INTO entered_tree FROM accounts WHERE id = account;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF mandant_second_factor_bars(principal, entered_tree, account) THEN
    RETURN;
  END IF;
  entered_own := EXISTS (
    SELECT FROM memberships WHERE user_id = entered_user_id AND master_id = entered_tree
    UNION ALL SELECT FROM shares WHERE user_id = entered_user_id AND master_id = entered_tree
  );
  PERFORM set_config('mandant.trees', entered_tree::text, true);
  RETURN NEXT;
END
$body$;

-- The account with its effective status.
CREATE OR REPLACE FUNCTION mandant_staff_account(principal bytea, account uuid)
RETURNS TABLE ($account)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
BEGIN
  IF mandant_staff(principal) IS NULL OR mandant_staff_barred(principal, account) THEN
    RETURN;
  END IF;
  RETURN QUERY
    $seen_account;
END
$body$;

-- The accounts that a search finds, between two keys of the list's order: by their id, their external id, an
-- owner's address, or the beginning of their name as it is searched. Ordered by name, and no more than a page
-- of them: each way of finding has an index in that order, and reads as many.
CREATE OR REPLACE FUNCTION mandant_staff_accounts(
  principal bytea, wanted_id uuid, owner_address text, beginning text, external text,
  low_key text, low_id uuid, high_key text, high_id uuid, backward boolean, most integer
)
RETURNS TABLE ($account)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
DECLARE
  -- No text is greater.
  greatest_key CONSTANT text := chr(1114111);
  first_key text := coalesce(low_key, '');
  last_key text := coalesce(high_key, greatest_key);
  first_name text := CASE WHEN first_key ~<~ beginning THEN beginning ELSE first_key END;
  last_name text := CASE
    WHEN last_key ~<~ (beginning || greatest_key) THEN last_key ELSE beginning || greatest_key END;
BEGIN
  IF mandant_staff(principal) IS NULL THEN
    RETURN;
  END IF;
  IF backward THEN
    RETURN QUERY
      $found_backward;
  ELSE
    RETURN QUERY
      $found_forward;
  END IF;
END
$body$;

-- The overrides of an account; without one, those of all accounts that wait for approval.
CREATE OR REPLACE FUNCTION mandant_staff_overrides(principal bytea, account uuid)
RETURNS TABLE ($override)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
BEGIN
  IF mandant_staff(principal) IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT overrides.id, overrides.account_id, accounts.name, kind, unsubscribe_scope, sending_domains,
      field_functions, memberships.id, rights_mask, reason, maker.name, approver.name, ender.name,
      overrides.created_at, in_force_from, overrides.expires_at, ended_at
    FROM overrides
    JOIN accounts ON accounts.master_id = overrides.master_id AND accounts.id = overrides.account_id
    JOIN users AS maker ON maker.id = made_by
    LEFT JOIN users AS approver ON approver.id = approved_by
    LEFT JOIN users AS ender ON ender.id = ended_by
    LEFT JOIN memberships ON memberships.master_id = overrides.master_id
      AND memberships.account_id = overrides.account_id AND memberships.user_id = overrides.user_id
    WHERE NOT mandant_second_factor_bars(principal, overrides.master_id, overrides.account_id)
      AND (overrides.account_id = account
        OR account IS NULL AND in_force_from IS NULL AND ended_at IS NULL
          AND overrides.expires_at > now());
END
$body$;

-- The requests of all accounts that wait for an answer.
CREATE OR REPLACE FUNCTION mandant_staff_requests(principal bytea)
RETURNS TABLE ($request)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
BEGIN
  IF mandant_staff(principal) IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT request.id, request.account_id, accounts.name, request.reason, request.created_at
    FROM subaccounts_requests AS request
    JOIN accounts ON accounts.master_id = request.master_id AND accounts.id = request.account_id
    WHERE request.answered_at IS NULL AND request.withdrawn_at IS NULL
      AND NOT mandant_second_factor_bars(principal, request.master_id, request.account_id);
END
$body$;

-- The reviews of an account; without one, those of all accounts that wait for a decision.
CREATE OR REPLACE FUNCTION mandant_staff_reviews(principal bytea, account uuid)
RETURNS TABLE ($review)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
BEGIN
  IF mandant_staff(principal) IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT reviews.id, reviews.account_id, accounts.name, reviews.status, contacts, checker.name,
      approver.name, ender.name, reviews.reason, reviews.created_at, decided_at
    FROM reviews
    JOIN accounts ON accounts.master_id = reviews.master_id AND accounts.id = reviews.account_id
    LEFT JOIN users AS checker ON checker.id = checked_by
    LEFT JOIN users AS approver ON approver.id = approved_by
    LEFT JOIN users AS ender ON ender.id = ended_by
    WHERE (reviews.account_id = account OR account IS NULL AND reviews.status = 'OPEN')
      AND NOT mandant_second_factor_bars(principal, reviews.master_id, reviews.account_id);
END
$body$;

-- What of an account sends, and whether it may.
CREATE OR REPLACE FUNCTION mandant_staff_sources(principal bytea, account uuid)
RETURNS TABLE ($source)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
BEGIN
  IF mandant_staff(principal) IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT source.stream, source.api_key_id, customer_state, customer_since, platform_state, platform_since,
      source.reason, cool_down_until, trial_hour_at, trial_sends, sent, hard_bounces, complaints, judged_at
    FROM sending_sources AS source
    WHERE source.account_id = account AND NOT mandant_staff_barred(principal, account);
END
$body$;

-- The contacts in the sample of a review.
CREATE OR REPLACE FUNCTION mandant_staff_review_sample(principal bytea, review uuid)
RETURNS TABLE ($sample)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
BEGIN
  IF mandant_staff(principal) IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT sampled.ordinal, first_letter, email_domain, phone_code, attributes, source, added_at
    FROM reviews
    JOIN review_samples AS sampled
      ON sampled.master_id = reviews.master_id AND sampled.review_id = reviews.id
    WHERE reviews.id = review
      AND NOT mandant_second_factor_bars(principal, reviews.master_id, reviews.account_id);
END
$body$;
