"""The state folder of an emulated cloud, and its protection against crashes."""
