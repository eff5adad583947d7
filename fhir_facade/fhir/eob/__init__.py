"""Claims → ExplanationOfBenefit: one module per CARIN profile on a shared base."""
