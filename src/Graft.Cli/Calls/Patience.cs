namespace Graft.Cli;

/// <summary>Says on a terminal what a command waits for, once that has lasted a second.</summary>
internal sealed class Patience : IAsyncDisposable
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    private readonly ITimer? _timer;

    private Patience(ITimer? timer) => _timer = timer;

    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? default;

    internal static Patience Begin(Invocation run, string what) =>
        new(run.IsQuiet || !run.Terminal.IsErrorTerminal
            ? null
            : run.Terminal.Time.CreateTimer(_ => run.Terminal.Error.WriteLine($"{what} ..."), null, Silence, System.Threading.Timeout.InfiniteTimeSpan));
}
