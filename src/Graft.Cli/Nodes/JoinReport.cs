namespace Graft.Cli;

/// <summary>Says how a node comes along on its way into a cluster: a line where something new begins.</summary>
internal sealed class JoinReport(Invocation run) : IProgress<CatchUpProgress>
{
    private CatchUpPhase? _phase;

    public void Report(CatchUpProgress value)
    {
        if (_phase != value.Phase)
        {
            _phase = value.Phase;
            run.Say($"        {value}");
        }
    }
}
