"""The words of the domain: frozen records, standard library only, no behaviour that touches the world."""
