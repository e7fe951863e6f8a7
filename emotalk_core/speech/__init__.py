"""What is said: phones and phrases, heard or told, their names, files and texts."""
