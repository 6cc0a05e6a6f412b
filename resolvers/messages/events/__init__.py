"""What comes back of messages: bounces, complaints, opens, clicks and unsubscribes."""
