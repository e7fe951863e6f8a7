"""What is to be heard: strips, Speakers and files as core sound."""
