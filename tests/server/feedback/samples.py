"""Reports as mail servers and mail providers write them."""


def lines(text: str) -> bytes:
    """As it comes over the network."""
    return text.strip().replace("\n", "\r\n").encode() + b"\r\n"


POSTFIX = lines("""
Return-Path: <>
Date: Fri, 17 May 2030 12:00:00 +0000 (UTC)
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bounce+7@bounce.example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4B2C41A3.1905249600/mx.example.net"
Message-Id: <20300517120000.4B2C41A4@mx.example.net>

This is a MIME-encapsulated message.

--4B2C41A3.1905249600/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

<anna@example.net>: host mail.example.net[192.0.2.7] said: 550 5.1.1
    <anna@example.net>: Recipient address rejected: User unknown

--4B2C41A3.1905249600/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4B2C41A3
X-Postfix-Sender: rfc822; bounce+7@bounce.example.com
Original-Envelope-Id: msg_7
Arrival-Date: Fri, 17 May 2030 11:59:58 +0000 (UTC)

Final-Recipient: rfc822; anna@example.net
Original-Recipient: rfc822;anna.old@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.net
Diagnostic-Code: smtp; 550 5.1.1 <anna@example.net>: Recipient address
    rejected: User unknown

--4B2C41A3.1905249600/mx.example.net
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <bounce+7@bounce.example.com>
From: Us <us@example.com>
To: anna.old@example.org
Subject: Hello
Message-ID: <msg_7@example.com>
Content-Type: text/plain; charset=utf-8

--4B2C41A3.1905249600/mx.example.net--
""")

DELAYED = lines("""
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>
MIME-Version: 1.0
Content-Type: Multipart/Report; Report-Type=delivery-status; Boundary=b1

--b1

The message is delayed. We will go on trying.
--b1
Content-Type: message/delivery-status
Content-Transfer-Encoding: quoted-printable

Reporting-MTA: dns;mx.example.net

Final-Recipient: RFC822;anna@example.net
Action: delayed (will try again)
Status: 4.4.1 (no answer)
Will-Retry-Until: Sat, 18 May 2030 12:00:00 =2B0000

Final-Recipient: rfc822;ben@example.net
Action: delivered
Status: 2.0.0

Final-Recipient: rfc822;carl@example.net
Action: failed
Status: 5.0.0
Diagnostic-Code: X-Unix; mailbox is full (5.2.2)

Final-Recipient: rfc822;dora@example.net
Action: dreamt
Status: 5.0.0
--b1
Content-Type: message/rfc822

Message-ID: <msg_8@example.com>
Content-Type: multipart/alternative; boundary=b2

--b2
Content-Type: text/plain

--b1 is no delimiter
--b2--
--b1--
Some words behind it.
""")

INTERNATIONAL = lines("""
Content-Type: multipart/report; report-type="delivery-status"; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

Grüße

--b
Content-Type: message/global-delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: utf-8; grüße@example.net
Action: failed
Diagnostic-Code: smtp; 452 mailbox is full

--b
Content-Type: message/global-headers

Message-ID:
 <msg_9@example.com>

--b--
""")

COMPLAINT = lines("""
From: <abusedesk@provider.example>
Subject: FW: Earn money
To: <abuse@example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received from IP 192.0.2.1.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <bounce+9@bounce.example.com>
Original-Rcpt-To: <anna@example.net>
Original-Rcpt-To: ben@example.net
Arrival-Date: Thu, 8 Mar 2029 14:00:00 EDT
Source-IP: 192.0.2.1
Reported-Domain: example.com

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

From: <us@example.com>
Received: from mailserver.example.com by provider.example; Thu, 08 Mar 2029 14:00:00 -0400
To: <Undisclosed Recipients>
Subject: Earn money
MIME-Version: 1.0
Content-type: text/plain
Message-ID: <8787KJKJ3K4J3K4J3K4J3.mail@example.com>

Spam Spam Spam
--part1_13d.2e68ed54_boundary--
""")

ALL = (POSTFIX, DELAYED, INTERNATIONAL, COMPLAINT)
