"""A program as a networkx DAG, and a DAG that a user built or changed as a program."""
