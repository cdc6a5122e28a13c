using System.IO.Pipelines;
using Graft.Network;

namespace Graft.Simulation.Nodes;

/// <summary>One end of a <see cref="SimulatedCable"/>.</summary>
internal sealed class SimulatedConnection(SimulatedCable cable, SimulatedLane incoming, SimulatedLane outgoing, string remoteName) : IConnection
{
    public PipeReader Input => incoming.Reader;

    public PipeWriter Output => outgoing.Writer;

    public string RemoteName => remoteName;

    public IReadOnlyList<string> PeerNames => [];

    /// <summary>This end is over; whether the other has been told is another matter.</summary>
    internal bool IsOver { get; private set; }

    public void Abort()
    {
        if (!IsOver)
        {
            End(isLate: false);
            cable.TellOther(this);
        }
    }

    public ValueTask DisposeAsync()
    {
        Abort();
        return ValueTask.CompletedTask;
    }

    /// <param name="isLate">What has arrived, or is about to, may still be read.</param>
    internal void End(bool isLate)
    {
        if (IsOver)
        {
            return;
        }

        IsOver = true;
        outgoing.EndSender();
        if (!isLate)
        {
            incoming.EndReceiver();
        }
    }
}
