"""Stories: the articles about one event, gathered as they come in, across outlets and languages."""
