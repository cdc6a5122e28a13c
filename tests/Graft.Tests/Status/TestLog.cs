using Microsoft.Extensions.Logging;

namespace Graft.Tests;

/// <summary>The lines that one node has written.</summary>
internal sealed class TestLog : ILogger
{
    internal List<(int Id, string Text)> Lines { get; } = [];

    internal int Count(int id) => Lines.Count(line => line.Id == id);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Add((eventId.Id, formatter(state, exception)));
}
