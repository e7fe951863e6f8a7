"""Face rigs as data: their key names, how they are recognised, and what drives them."""
