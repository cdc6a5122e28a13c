using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Graft.Cli;

/// <summary>One line of text for each thing worth one.</summary>
internal sealed class LineLogger(TextWriter writer, TimeProvider time, LogLevel least, string category) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    // A web server says much that is only of interest to who writes one.
    public bool IsEnabled(LogLevel logLevel) =>
        logLevel >= least && (logLevel >= LogLevel.Warning || !category.StartsWith("Microsoft.", StringComparison.Ordinal));

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            writer.WriteLine(Line(time.GetUtcNow(), logLevel, formatter(state, exception), exception));
        }
    }

    internal static string Line(DateTimeOffset now, LogLevel level, string message, Exception? exception)
    {
        string word = level switch
        {
            LogLevel.Trace => "trace",
            LogLevel.Debug => "debug",
            LogLevel.Information => "info ",
            LogLevel.Warning => "warn ",
            LogLevel.Error => "error",
            _ => "fatal",
        };
        string because = exception is null || message.Contains(exception.Message, StringComparison.Ordinal) ? "" : $" {exception.GetType().Name}: {exception.Message}";
        return string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {word} {message}{because}");
    }
}
