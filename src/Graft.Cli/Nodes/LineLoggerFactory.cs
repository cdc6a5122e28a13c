using Microsoft.Extensions.Logging;

namespace Graft.Cli;

/// <summary>Loggers that write lines to one writer.</summary>
internal sealed class LineLoggerFactory(TextWriter writer, TimeProvider time, LogLevel least) : ILoggerFactory
{
    // From any thread, a line at a time.
#pragma warning disable CA2213 // It's the terminal's.
    private readonly TextWriter _writer = TextWriter.Synchronized(writer);
#pragma warning restore CA2213

    public ILogger CreateLogger(string categoryName) => new LineLogger(_writer, time, least, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The lines have one place to go.");

    public void Dispose()
    {
    }
}
