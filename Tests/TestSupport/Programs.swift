// Whoever writes files for programs also runs them.
@_exported public import TestPrograms
