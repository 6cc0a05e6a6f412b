"""Lists of recipients to send to: uploaded ones, and copies of contact lists."""
