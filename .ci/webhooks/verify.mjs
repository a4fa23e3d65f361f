// Verifies webhooks with Standard Webhooks' own library. Standard input is a list of {secret, headers, body}, standard output
// a list of {read}, which is the body as the library reads it, or {refused}, which is why it does not.
import { readFileSync } from "node:fs";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

function verdict({ secret, headers, body }) {
  try {
    return { read: new Webhook(secret).verify(body, headers) };
  } catch (error) {
    if (error instanceof WebhookVerificationError) {
      return { refused: error.message };
    }
    throw error;
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(verdict)));
