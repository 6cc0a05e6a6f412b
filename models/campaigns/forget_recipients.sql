-- Deletes the list of recipients of a campaign that is over, or has written all of its messages.
CREATE OR REPLACE FUNCTION mandant_forget_recipients(tree uuid, campaign_id uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  unneeded uuid;
BEGIN
  SELECT campaign.recipient_list_id INTO unneeded FROM campaigns AS campaign
  WHERE
    campaign.master_id = tree AND campaign.id = campaign_id
    AND (campaign.ended_at IS NOT NULL OR campaign.reached >= campaign.recipients);
  DELETE FROM recipient_list_parts AS part WHERE part.master_id = tree AND part.list_id = unneeded;
  DELETE FROM recipient_lists AS list WHERE list.master_id = tree AND list.id = unneeded;
END
$body$;
