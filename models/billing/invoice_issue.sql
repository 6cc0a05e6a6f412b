-- Gives the next number and writes the invoice under it, so that no number is without an invoice. Returns the
-- number. The counter's row stays locked until the transaction ends: a rolled back transaction gives its
-- number back, and the next one waits for it.
CREATE OR REPLACE FUNCTION invoice_issue(invoice jsonb, prefix text, lines uuid[])
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  new_row invoices;
  taken bigint;
BEGIN
  SELECT * INTO new_row FROM jsonb_populate_record(NULL::invoices, invoice);
  IF NOT new_row.master_id = ANY(
    string_to_array(coalesce(current_setting('mandant.trees', true), ''), ',')::uuid[]
  ) THEN
    RAISE EXCEPTION 'the tree is not open' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF new_row.kind = 'INVOICE' THEN
    PERFORM FROM charges
      WHERE master_id = new_row.master_id AND id = ANY(lines) ORDER BY id FOR UPDATE;
    IF (SELECT (count(*), sum(amount), sum(prepaid)) FROM charges
        WHERE master_id = new_row.master_id AND id = ANY(lines)
          AND billed_id = new_row.account_id AND invoice_id IS NULL)
      IS DISTINCT FROM row(cardinality(lines)::bigint, new_row.net::numeric, new_row.prepaid::numeric)
    THEN
      RAISE EXCEPTION 'the charges are not those of the invoice' USING ERRCODE = 'check_violation';
    END IF;
  ELSIF NOT EXISTS (
    SELECT FROM invoices AS corrected
    WHERE corrected.master_id = new_row.master_id AND corrected.id = new_row.corrects_id
      AND corrected.kind = 'INVOICE' AND corrected.account_id = new_row.account_id
      AND (corrected.net, corrected.tax, corrected.prepaid) = (new_row.net, new_row.tax, new_row.prepaid)
  ) THEN
    RAISE EXCEPTION 'a credit note takes back one invoice, all of it' USING ERRCODE = 'check_violation';
  END IF;
  INSERT INTO invoice_numbers (id) VALUES (1) ON CONFLICT DO NOTHING;
  UPDATE invoice_numbers SET last = last + 1 RETURNING last INTO taken;
  new_row.sequence := taken;
  new_row.number := prefix || taken;
  -- The document was written before its number was known: its id stands for it.
  new_row.xml := replace(new_row.xml, new_row.id::text, new_row.number);
  INSERT INTO invoices SELECT (new_row).*;
  UPDATE charges SET invoice_id = new_row.id, position = line.place
    FROM unnest(lines) WITH ORDINALITY AS line (id, place)
    WHERE charges.master_id = new_row.master_id AND charges.id = line.id
      AND new_row.kind = 'INVOICE';
  RETURN new_row.number;
END
$body$;
