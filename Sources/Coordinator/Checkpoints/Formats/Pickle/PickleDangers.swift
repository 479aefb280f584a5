/// What no file of weights has a reason to name, because unpickling it with Python would run code or open files: after
/// the lists of picklescan (mmaitre314) and fickling (Trail of Bits), by module where all of it is of that kind.
enum PickleDangers {
  static func contains(_ global: PickleGlobal) -> Bool {
    let package = String(global.module.prefix { $0 != "." })
    if modules.contains(package) || modules.contains(global.module) || functions.contains(global.description) {
      return true
    }
    // A dotted name reaches whatever its module has imported, as `numpy` and `os.system`.
    let names = global.name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    if names.count > 1, names.contains(where: reached.contains) { return true }
    return builtinModules.contains(package) && names.contains(where: builtins.contains)
  }

  private static let modules: Set<String> = [
    "os", "posix", "nt", "posixpath", "ntpath", "subprocess", "_posixsubprocess", "popen2", "pty", "sys", "shutil",
    "socket", "_socket", "ssl", "http", "httplib", "urllib", "urllib2", "requests", "aiohttp", "ftplib", "telnetlib",
    "smtplib", "imaplib", "webbrowser", "antigravity", "runpy", "importlib", "imp", "pkgutil", "zipimport", "codeop",
    "pdb", "bdb", "cProfile", "timeit", "doctest", "pydoc", "idlelib", "ctypes", "_ctypes", "cffi", "multiprocessing",
    "asyncio", "signal", "pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve",
    "fileinput", "distutils", "setuptools", "pip", "venv", "ensurepip", "lib2to3", "linecache", "sqlite3", "winreg",
    "torch.hub", "torch.package", "torch.utils.cpp_extension", "torch.utils.bottleneck",
    "torch.utils.collect_env", "torch._inductor.codecache", "torch._dynamo.guards", "torch.distributed.rpc",
    "torch.fx.experimental.symbolic_shapes", "numpy.testing", "numpy.f2py", "numpy.distutils", "numpy.ctypeslib",
  ]

  private static let builtinModules: Set<String> = ["builtins", "__builtin__", "__builtins__"]

  private static let builtins: Set<String> = [
    "eval", "exec", "execfile", "compile", "open", "file", "input", "raw_input", "breakpoint", "__import__", "getattr",
    "setattr", "delattr", "vars", "globals", "locals", "apply", "reload", "help", "exit", "quit", "map", "filter",
  ]

  private static let functions: Set<String> = [
    "torch.load", "torch.save", "torch.serialization.load", "torch.serialization.save", "torch.jit.load",
    "torch.compile", "numpy.load", "numpy.save", "numpy.fromfile",
    "numpy.memmap", "torch.ops.load_library", "torch.classes.load_library", "code.interact",
    "code.InteractiveInterpreter",
    "code.InteractiveConsole", "commands.getoutput", "commands.getstatusoutput", "profile.run", "profile.runctx",
    "trace.Trace", "types.CodeType", "types.FunctionType", "io.open", "io.FileIO", "_io.open", "_io.FileIO",
    "codecs.open",
    "operator.attrgetter", "operator.methodcaller", "_operator.attrgetter", "_operator.methodcaller",
    "logging.config.listen",
    "numpy.core.fromnumeric.memmap", "uuid._popen", "cgi.test", "torch._utils_internal.os",
  ]

  private static let reached: Set<String> = [
    "os", "sys", "subprocess", "socket", "shutil", "importlib", "builtins", "pickle", "eval", "exec", "compile", "open",
    "system", "popen", "getattr", "__import__", "__builtins__", "__globals__", "__dict__", "__subclasses__",
    "__class__",
    "__getattribute__", "__code__", "__reduce__",
  ]
}
