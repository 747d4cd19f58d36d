// Grafana's status history lives in its application, not in @grafana/ui: the same kind of chart on the same UPlotConfigBuilder, cells drawn here.
import { FieldType } from '@grafana/data';
import { AxisPlacement, ScaleDirection, ScaleOrientation } from '@grafana/schema';
import { UPlotChart, UPlotConfigBuilder, VizLayout, VizLegend } from '@grafana/ui';
import { useMemo } from 'react';

export function StatusHistory({ frame, panel, theme, width, height, timeRange }) {
  const rows = frame.fields.filter((field) => field.type === FieldType.number);
  const times = frame.fields[0].values;
  const steps = times.slice(1).map((time, place) => time - times[place]);
  const step = steps.length ? Math.min(...steps) : 3600e3;
  const config = useMemo(() => {
    const builder = new UPlotConfigBuilder('utc');
    builder.addScale({
      scaleKey: 'x', isTime: true, orientation: ScaleOrientation.Horizontal, direction: ScaleDirection.Right,
      range: () => [timeRange.from.valueOf(), timeRange.to.valueOf()],
    });
    builder.addScale({ scaleKey: 'y', orientation: ScaleOrientation.Vertical, direction: ScaleDirection.Down, range: () => [0, rows.length] });
    builder.addAxis({ scaleKey: 'x', isTime: true, placement: AxisPlacement.Bottom, timeZone: 'utc', theme, grid: { show: false } });
    builder.addAxis({
      scaleKey: 'y', placement: AxisPlacement.Left, theme, grid: { show: false }, ticks: { show: false },
      splits: () => rows.map((_, place) => place + 0.5), values: () => rows.map((field) => field.state.displayName),
    });
    builder.addSeries({ scaleKey: 'y', theme, pathBuilder: () => null, pointsBuilder: () => false, lineWidth: 0 });
    builder.addHook('draw', (plot) => {
      const { ctx } = plot;
      const tall = plot.valToPos(1, 'y', true) - plot.valToPos(0, 'y', true);
      const wide = plot.valToPos(timeRange.from.valueOf() + step, 'x', true) - plot.valToPos(timeRange.from.valueOf(), 'x', true);
      ctx.save();
      ctx.beginPath();
      ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
      ctx.clip();
      rows.forEach((field, row) => {
        field.values.forEach((value, place) => {
          if (value === null) return;
          ctx.fillStyle = field.display(value).color;
          const inset = (tall * (1 - (panel.options.rowHeight ?? 0.9))) / 2;
          ctx.fillRect(plot.valToPos(times[place], 'x', true), plot.valToPos(row, 'y', true) + inset, wide * (panel.options.colWidth ?? 0.9), tall - 2 * inset);
        });
      });
      ctx.restore();
    });
    return builder;
  }, []);
  const marks = rows[0]?.config.thresholds.steps ?? [];
  const items = marks.map((mark, place) => ({
    label: place === 0 ? `< ${marks[1]?.value ?? ''}` : `${mark.value}+`, color: theme.visualization.getColorByName(mark.color), yAxis: 1,
  }));
  const legend = panel.options.legend?.showLegend ? (
    <VizLayout.Legend placement="bottom"><VizLegend placement="bottom" items={items} displayMode="list" /></VizLayout.Legend>
  ) : null;
  return (
    <VizLayout width={width} height={height} legend={legend}>
      {(innerWidth, innerHeight) => (
        <UPlotChart config={config} data={[times, times.map(() => 0)]} width={innerWidth} height={innerHeight} timeRange={timeRange} />
      )}
    </VizLayout>
  );
}
