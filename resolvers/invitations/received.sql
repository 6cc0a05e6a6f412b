-- The address of the person whose session it is, if the person has proved it. NULL for everybody else.
CREATE OR REPLACE FUNCTION mandant_proved_address(principal bytea)
RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  RETURN (
    SELECT users.email_canonical FROM sessions JOIN users ON users.id = sessions.user_id
    WHERE sessions.digest = principal AND sessions.expires_at > now()
      AND users.email_verified_at IS NOT NULL
  );
END
$body$;

-- The invitations that the person can accept now, in whatever tree.
CREATE OR REPLACE FUNCTION mandant_received_invitations(principal bytea)
RETURNS TABLE ($received)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
DECLARE
  address text := mandant_proved_address(principal);
BEGIN
  RETURN QUERY
    SELECT invitations.id, accounts.name, users.name, roles.name, roles.description, roles.member_mask,
      invitations.created_at, invitations.expires_at, invitations.member_expires_at
    FROM invitations
    JOIN accounts ON accounts.master_id = invitations.master_id AND accounts.id = invitations.account_id
    JOIN roles ON roles.id = invitations.role_id
    LEFT JOIN users ON users.id = inviter_user_id
    WHERE invitations.email_canonical = address AND accepted_at IS NULL AND revoked_at IS NULL
      AND invitations.expires_at > now()
      AND invitation_lapse(invitations.master_id, invitations.id) IS NULL;
END
$body$;

-- The digest of an invitation's link, for the person with its address.
CREATE OR REPLACE FUNCTION mandant_link_of_invitation(principal bytea, invitation uuid)
RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  RETURN (
    SELECT invitations.digest FROM invitations
    WHERE invitations.id = invitation
      AND invitations.email_canonical = mandant_proved_address(principal)
  );
END
$body$;
