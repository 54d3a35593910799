"""The admin API: it answers admins and liaison officers who are signed in."""
