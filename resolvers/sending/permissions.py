"""The permission that sending on a stream needs."""

from authz.policy.permissions import Permission
from models.sending.tables import SendStream

SEND_PERMISSIONS = {
    SendStream.MARKETING: Permission.CAMPAIGNS_SEND,
    SendStream.TRANSACTIONAL: Permission.TRANSACTIONAL_SEND,
}
"""An API key with a purpose never holds the permission of the other stream (R7)."""
