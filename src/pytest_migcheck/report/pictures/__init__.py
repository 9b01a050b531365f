"""SVG pictures for the HTML report, as text; colours and fonts come from the page's style sheet."""
