CREATE TRIGGER `audit_no_update` BEFORE UPDATE ON `audit`
BEGIN
	SELECT RAISE(ABORT, 'the audit record is append-only');
END;
--> statement-breakpoint
CREATE TRIGGER `audit_no_delete` BEFORE DELETE ON `audit`
BEGIN
	SELECT RAISE(ABORT, 'the audit record is append-only');
END;
--> statement-breakpoint
-- Also keeps INSERT OR REPLACE from standing in for an update, and a writer from forking the chain.
CREATE TRIGGER `audit_extends_chain` BEFORE INSERT ON `audit`
WHEN EXISTS (SELECT 1 FROM `audit` WHERE `id` = NEW.`id`)
	OR NEW.`prev_hash` <> COALESCE(
		(SELECT `hash` FROM `audit` ORDER BY `id` DESC LIMIT 1),
		'0000000000000000000000000000000000000000000000000000000000000000'
	)
BEGIN
	SELECT RAISE(ABORT, 'the audit record only grows at its end');
END;
