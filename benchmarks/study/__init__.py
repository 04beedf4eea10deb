"""The cataract study, by the service and by the script that one would write without it."""
