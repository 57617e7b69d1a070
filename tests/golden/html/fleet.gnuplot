reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,286 dynamic noenhanced font 'sans-serif,13' name 'p1'
$medians1 << EOD
13.284 0
13.161 0
6.642 1
6.765 1
6.5805 1
4.428 2
4.51 2
4.387 2
13.284 4
13.53 4
13.161 4
8.856 5
9.02 5
8.774 5
39.852 6
40.59 6
39.483 6
19.926 7
20.295 7
19.7415 7
EOD
$medians0 << EOD
13.53 0
EOD
$cases << EOD
12.3 12.2845 12.331 0
6.15 6.1345 6.181 1
4.1 4.0845 4.131 2
12.3 12.2845 12.331 4
8.2 8.1845 8.231 5
36.9 36.8845 36.931 6
18.45 18.4345 18.481 7
EOD
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set label '1  fp32 · laptop' at graph 0, first 0 right offset -1,0 textcolor rgb '#1b1f24'
set label '2  int8 · laptop' at graph 0, first 1 right offset -1,0 textcolor rgb '#1b1f24'
set label '3  int4 · laptop' at graph 0, first 2 right offset -1,0 textcolor rgb '#1b1f24'
set label '4  fp32 · raspberry-pi-4-of-t…' at graph 0, first 3 right offset -1,0 textcolor rgb '#1b1f24'
set label 'oom in load' at graph 0, first 3 left offset 1,0 textcolor rgb '#b3261e'
set label '5  int8 · raspberry-pi-4-of-t…' at graph 0, first 4 right offset -1,0 textcolor rgb '#1b1f24'
set label '6  int4 · raspberry-pi-4-of-t…' at graph 0, first 5 right offset -1,0 textcolor rgb '#1b1f24'
set label '7  fp32 · pixel-7a' at graph 0, first 6 right offset -1,0 textcolor rgb '#1b1f24'
set label '8  int8 · pixel-7a' at graph 0, first 7 right offset -1,0 textcolor rgb '#1b1f24'
set label '9  int4 · pixel-7a' at graph 0, first 8 right offset -1,0 textcolor rgb '#1b1f24'
set label 'crashed in load' at graph 0, first 8 left offset 1,0 textcolor rgb '#b3261e'
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [1.89417:42.780330000000006]
set lmargin at screen 0.34
set rmargin at screen 0.975
set tmargin at screen 0.9720
set bmargin at screen 0.2028
set yrange [8.5:-0.5]
set ytics 1
set format y ''
set xlabel 'median latency, ms' textcolor rgb '#1b1f24' offset 0,0.2
plot $cases using 1:($4+0.2):2:3 with xerrorbars pt 13 ps 0.8 lw 1.5 lc rgb '#1b1f24', $medians1 using 1:($2-0.2) with points pt 6 ps 0.55 lw 1.3 lc rgb '#0072b2', $medians0 using 1:($2-0.2) with points pt 2 ps 0.6 lw 1.3 lc rgb '#b3261e'
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p2'
$first << EOD
0.55 12.3
0.625 13.161
0.7 14.022
0.775 12.423
0.85 13.284
0.925 14.145
1 12.546
1.075 13.407
1.15 14.268
1.225 12.669
1.3 13.53
1.375 14.391
2.55 13.038
2.625 13.899
2.7 12.3
2.775 13.161
2.85 14.022
2.925 12.423
3 13.284
3.075 14.145
3.15 12.546
3.225 382.407
3.3 14.268
3.375 12.669
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
1.55 12.669
1.625 13.53
1.7 14.391
1.775 12.792
1.85 13.653
1.925 14.514
2 12.915
2.075 13.776
2.15 14.637
2.225 13.038
2.3 13.899
2.375 12.3
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 12.3
0.025 12.3
0.05 12.3
0.075 12.3
0.1 12.423
0.125 12.423
0.15 12.423
0.175 12.546
0.2 12.546
0.225 12.546
0.25 12.546
0.275 12.669
0.3 12.669
0.325 12.669
0.35 13.161
0.375 13.161
0.4 13.161
0.425 13.284
0.45 13.284
0.475 13.284
0.5 13.284
0.525 13.407
0.55 13.407
0.575 13.407
0.6 13.53
0.625 13.53
0.65 13.53
0.675 14.022
0.7 14.022
0.725 14.022
0.75 14.022
0.775 14.145
0.8 14.145
0.825 14.145
0.85 14.268
0.875 14.268
0.9 14.268
0.925 14.391
0.95 14.391
0.96 14.391
0.97 14.391
0.98 14.391
0.99 14.391
0.995 14.391
1 14.391

0 12.3
0.025 12.3
0.05 12.3
0.075 12.3
0.1 12.423
0.125 12.423
0.15 12.423
0.175 12.546
0.2 12.546
0.225 12.546
0.25 12.546
0.275 12.669
0.3 12.669
0.325 12.669
0.35 13.038
0.375 13.038
0.4 13.038
0.425 13.161
0.45 13.161
0.475 13.161
0.5 13.161
0.525 13.284
0.55 13.284
0.575 13.284
0.6 13.899
0.625 13.899
0.65 13.899
0.675 14.022
0.7 14.022
0.725 14.022
0.75 14.022
0.775 14.145
0.8 14.145
0.825 14.145
0.85 14.268
0.875 14.268
0.9 14.268
0.925 382.407
0.95 382.407
0.96 382.407
0.97 382.407
0.98 382.407
0.99 382.407
0.995 382.407
1 382.407
EOD
$curves0 << EOD
0 12.3
0.025 12.3
0.05 12.3
0.075 12.3
0.1 12.669
0.125 12.669
0.15 12.669
0.175 12.792
0.2 12.792
0.225 12.792
0.25 12.792
0.275 12.915
0.3 12.915
0.325 12.915
0.35 13.038
0.375 13.038
0.4 13.038
0.425 13.53
0.45 13.53
0.475 13.53
0.5 13.53
0.525 13.653
0.55 13.653
0.575 13.653
0.6 13.776
0.625 13.776
0.65 13.776
0.675 13.899
0.7 13.899
0.725 13.899
0.75 13.899
0.775 14.391
0.8 14.391
0.825 14.391
0.85 14.514
0.875 14.514
0.9 14.514
0.925 14.637
0.95 14.637
0.96 14.637
0.97 14.637
0.98 14.637
0.99 14.637
0.995 14.637
1 14.637
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (20, 50, 100, 200)
set format y '%g'
set yrange [10.695652173913045:439.76804999999996]
set object 1 rectangle from graph 0, first 12.2845 to graph 1, first 12.331 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 12.3 to graph 1, first 12.3 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (20, 50, 100, 200)
set format y ''
set yrange [10.695652173913045:439.76804999999996]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p3'
$first << EOD
0.55 6.15
0.625 6.5805
0.7 7.011
0.775 6.2115
0.85 6.642
0.925 7.0725
1 6.273
1.075 6.7035
1.15 7.134
1.225 6.3345
1.3 6.765
1.375 7.1955
1.55 6.3345
1.625 6.765
1.7 7.1955
1.775 6.396
1.85 6.8265
1.925 7.257
2 6.4575
2.075 6.888
2.15 7.3185
2.225 6.519
2.3 6.9495
2.375 6.15
2.55 6.519
2.625 6.9495
2.7 6.15
2.775 6.5805
2.85 7.011
2.925 6.2115
3 6.642
3.075 7.0725
3.15 6.273
3.225 191.2035
3.3 7.134
3.375 6.3345
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 6.15
0.025 6.15
0.05 6.15
0.075 6.15
0.1 6.2115
0.125 6.2115
0.15 6.2115
0.175 6.273
0.2 6.273
0.225 6.273
0.25 6.273
0.275 6.3345
0.3 6.3345
0.325 6.3345
0.35 6.5805
0.375 6.5805
0.4 6.5805
0.425 6.642
0.45 6.642
0.475 6.642
0.5 6.642
0.525 6.7035
0.55 6.7035
0.575 6.7035
0.6 6.765
0.625 6.765
0.65 6.765
0.675 7.011
0.7 7.011
0.725 7.011
0.75 7.011
0.775 7.0725
0.8 7.0725
0.825 7.0725
0.85 7.134
0.875 7.134
0.9 7.134
0.925 7.1955
0.95 7.1955
0.96 7.1955
0.97 7.1955
0.98 7.1955
0.99 7.1955
0.995 7.1955
1 7.1955

0 6.15
0.025 6.15
0.05 6.15
0.075 6.15
0.1 6.3345
0.125 6.3345
0.15 6.3345
0.175 6.396
0.2 6.396
0.225 6.396
0.25 6.396
0.275 6.4575
0.3 6.4575
0.325 6.4575
0.35 6.519
0.375 6.519
0.4 6.519
0.425 6.765
0.45 6.765
0.475 6.765
0.5 6.765
0.525 6.8265
0.55 6.8265
0.575 6.8265
0.6 6.888
0.625 6.888
0.65 6.888
0.675 6.9495
0.7 6.9495
0.725 6.9495
0.75 6.9495
0.775 7.1955
0.8 7.1955
0.825 7.1955
0.85 7.257
0.875 7.257
0.9 7.257
0.925 7.3185
0.95 7.3185
0.96 7.3185
0.97 7.3185
0.98 7.3185
0.99 7.3185
0.995 7.3185
1 7.3185

0 6.15
0.025 6.15
0.05 6.15
0.075 6.15
0.1 6.2115
0.125 6.2115
0.15 6.2115
0.175 6.273
0.2 6.273
0.225 6.273
0.25 6.273
0.275 6.3345
0.3 6.3345
0.325 6.3345
0.35 6.519
0.375 6.519
0.4 6.519
0.425 6.5805
0.45 6.5805
0.475 6.5805
0.5 6.5805
0.525 6.642
0.55 6.642
0.575 6.642
0.6 6.9495
0.625 6.9495
0.65 6.9495
0.675 7.011
0.7 7.011
0.725 7.011
0.75 7.011
0.775 7.0725
0.8 7.0725
0.825 7.0725
0.85 7.134
0.875 7.134
0.9 7.134
0.925 191.2035
0.95 191.2035
0.96 191.2035
0.97 191.2035
0.98 191.2035
0.99 191.2035
0.995 191.2035
1 191.2035
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (10, 20, 50, 100, 200)
set format y '%g'
set yrange [5.347826086956522:219.88402499999998]
set object 1 rectangle from graph 0, first 6.1345 to graph 1, first 6.181 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 6.15 to graph 1, first 6.15 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (10, 20, 50, 100, 200)
set format y ''
set yrange [5.347826086956522:219.88402499999998]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p4'
$first << EOD
0.55 4.1
0.625 4.387
0.7 4.674
0.775 4.141
0.85 4.428
0.925 4.715
1 4.182
1.075 4.469
1.15 4.756
1.225 4.223
1.3 4.51
1.375 4.797
1.55 4.223
1.625 4.51
1.7 4.797
1.775 4.264
1.85 4.551
1.925 4.838
2 4.305
2.075 4.592
2.15 4.879
2.225 4.346
2.3 4.633
2.375 4.1
2.55 4.346
2.625 4.633
2.7 4.1
2.775 4.387
2.85 4.674
2.925 4.141
3 4.428
3.075 4.715
3.15 4.182
3.225 127.469
3.3 4.756
3.375 4.223
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 4.1
0.025 4.1
0.05 4.1
0.075 4.1
0.1 4.141
0.125 4.141
0.15 4.141
0.175 4.182
0.2 4.182
0.225 4.182
0.25 4.182
0.275 4.223
0.3 4.223
0.325 4.223
0.35 4.387
0.375 4.387
0.4 4.387
0.425 4.428
0.45 4.428
0.475 4.428
0.5 4.428
0.525 4.469
0.55 4.469
0.575 4.469
0.6 4.51
0.625 4.51
0.65 4.51
0.675 4.674
0.7 4.674
0.725 4.674
0.75 4.674
0.775 4.715
0.8 4.715
0.825 4.715
0.85 4.756
0.875 4.756
0.9 4.756
0.925 4.797
0.95 4.797
0.96 4.797
0.97 4.797
0.98 4.797
0.99 4.797
0.995 4.797
1 4.797

0 4.1
0.025 4.1
0.05 4.1
0.075 4.1
0.1 4.223
0.125 4.223
0.15 4.223
0.175 4.264
0.2 4.264
0.225 4.264
0.25 4.264
0.275 4.305
0.3 4.305
0.325 4.305
0.35 4.346
0.375 4.346
0.4 4.346
0.425 4.51
0.45 4.51
0.475 4.51
0.5 4.51
0.525 4.551
0.55 4.551
0.575 4.551
0.6 4.592
0.625 4.592
0.65 4.592
0.675 4.633
0.7 4.633
0.725 4.633
0.75 4.633
0.775 4.797
0.8 4.797
0.825 4.797
0.85 4.838
0.875 4.838
0.9 4.838
0.925 4.879
0.95 4.879
0.96 4.879
0.97 4.879
0.98 4.879
0.99 4.879
0.995 4.879
1 4.879

0 4.1
0.025 4.1
0.05 4.1
0.075 4.1
0.1 4.141
0.125 4.141
0.15 4.141
0.175 4.182
0.2 4.182
0.225 4.182
0.25 4.182
0.275 4.223
0.3 4.223
0.325 4.223
0.35 4.346
0.375 4.346
0.4 4.346
0.425 4.387
0.45 4.387
0.475 4.387
0.5 4.387
0.525 4.428
0.55 4.428
0.575 4.428
0.6 4.633
0.625 4.633
0.65 4.633
0.675 4.674
0.7 4.674
0.725 4.674
0.75 4.674
0.775 4.715
0.8 4.715
0.825 4.715
0.85 4.756
0.875 4.756
0.9 4.756
0.925 127.469
0.95 127.469
0.96 127.469
0.97 127.469
0.98 127.469
0.99 127.469
0.995 127.469
1 127.469
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (5, 10, 20, 50, 100)
set format y '%g'
set yrange [3.5652173913043477:146.58935]
set object 1 rectangle from graph 0, first 4.0845 to graph 1, first 4.131 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 4.1 to graph 1, first 4.1 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (5, 10, 20, 50, 100)
set format y ''
set yrange [3.5652173913043477:146.58935]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p5'
$first << EOD
0.55 12.3
0.625 13.161
0.7 14.022
0.775 12.423
0.85 13.284
0.925 14.145
1 12.546
1.075 13.407
1.15 14.268
1.225 12.669
1.3 13.53
1.375 14.391
1.55 12.669
1.625 13.53
1.7 14.391
1.775 12.792
1.85 13.653
1.925 14.514
2 12.915
2.075 13.776
2.15 14.637
2.225 13.038
2.3 13.899
2.375 12.3
2.55 13.038
2.625 13.899
2.7 12.3
2.775 13.161
2.85 14.022
2.925 12.423
3 13.284
3.075 14.145
3.15 12.546
3.225 382.407
3.3 14.268
3.375 12.669
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 12.3
0.025 12.3
0.05 12.3
0.075 12.3
0.1 12.423
0.125 12.423
0.15 12.423
0.175 12.546
0.2 12.546
0.225 12.546
0.25 12.546
0.275 12.669
0.3 12.669
0.325 12.669
0.35 13.161
0.375 13.161
0.4 13.161
0.425 13.284
0.45 13.284
0.475 13.284
0.5 13.284
0.525 13.407
0.55 13.407
0.575 13.407
0.6 13.53
0.625 13.53
0.65 13.53
0.675 14.022
0.7 14.022
0.725 14.022
0.75 14.022
0.775 14.145
0.8 14.145
0.825 14.145
0.85 14.268
0.875 14.268
0.9 14.268
0.925 14.391
0.95 14.391
0.96 14.391
0.97 14.391
0.98 14.391
0.99 14.391
0.995 14.391
1 14.391

0 12.3
0.025 12.3
0.05 12.3
0.075 12.3
0.1 12.669
0.125 12.669
0.15 12.669
0.175 12.792
0.2 12.792
0.225 12.792
0.25 12.792
0.275 12.915
0.3 12.915
0.325 12.915
0.35 13.038
0.375 13.038
0.4 13.038
0.425 13.53
0.45 13.53
0.475 13.53
0.5 13.53
0.525 13.653
0.55 13.653
0.575 13.653
0.6 13.776
0.625 13.776
0.65 13.776
0.675 13.899
0.7 13.899
0.725 13.899
0.75 13.899
0.775 14.391
0.8 14.391
0.825 14.391
0.85 14.514
0.875 14.514
0.9 14.514
0.925 14.637
0.95 14.637
0.96 14.637
0.97 14.637
0.98 14.637
0.99 14.637
0.995 14.637
1 14.637

0 12.3
0.025 12.3
0.05 12.3
0.075 12.3
0.1 12.423
0.125 12.423
0.15 12.423
0.175 12.546
0.2 12.546
0.225 12.546
0.25 12.546
0.275 12.669
0.3 12.669
0.325 12.669
0.35 13.038
0.375 13.038
0.4 13.038
0.425 13.161
0.45 13.161
0.475 13.161
0.5 13.161
0.525 13.284
0.55 13.284
0.575 13.284
0.6 13.899
0.625 13.899
0.65 13.899
0.675 14.022
0.7 14.022
0.725 14.022
0.75 14.022
0.775 14.145
0.8 14.145
0.825 14.145
0.85 14.268
0.875 14.268
0.9 14.268
0.925 382.407
0.95 382.407
0.96 382.407
0.97 382.407
0.98 382.407
0.99 382.407
0.995 382.407
1 382.407
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (20, 50, 100, 200)
set format y '%g'
set yrange [10.695652173913045:439.76804999999996]
set object 1 rectangle from graph 0, first 12.2845 to graph 1, first 12.331 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 12.3 to graph 1, first 12.3 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (20, 50, 100, 200)
set format y ''
set yrange [10.695652173913045:439.76804999999996]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p6'
$first << EOD
0.55 8.2
0.625 8.774
0.7 9.348
0.775 8.282
0.85 8.856
0.925 9.43
1 8.364
1.075 8.938
1.15 9.512
1.225 8.446
1.3 9.02
1.375 9.594
1.55 8.446
1.625 9.02
1.7 9.594
1.775 8.528
1.85 9.102
1.925 9.676
2 8.61
2.075 9.184
2.15 9.758
2.225 8.692
2.3 9.266
2.375 8.2
2.55 8.692
2.625 9.266
2.7 8.2
2.775 8.774
2.85 9.348
2.925 8.282
3 8.856
3.075 9.43
3.15 8.364
3.225 254.938
3.3 9.512
3.375 8.446
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 8.2
0.025 8.2
0.05 8.2
0.075 8.2
0.1 8.282
0.125 8.282
0.15 8.282
0.175 8.364
0.2 8.364
0.225 8.364
0.25 8.364
0.275 8.446
0.3 8.446
0.325 8.446
0.35 8.774
0.375 8.774
0.4 8.774
0.425 8.856
0.45 8.856
0.475 8.856
0.5 8.856
0.525 8.938
0.55 8.938
0.575 8.938
0.6 9.02
0.625 9.02
0.65 9.02
0.675 9.348
0.7 9.348
0.725 9.348
0.75 9.348
0.775 9.43
0.8 9.43
0.825 9.43
0.85 9.512
0.875 9.512
0.9 9.512
0.925 9.594
0.95 9.594
0.96 9.594
0.97 9.594
0.98 9.594
0.99 9.594
0.995 9.594
1 9.594

0 8.2
0.025 8.2
0.05 8.2
0.075 8.2
0.1 8.446
0.125 8.446
0.15 8.446
0.175 8.528
0.2 8.528
0.225 8.528
0.25 8.528
0.275 8.61
0.3 8.61
0.325 8.61
0.35 8.692
0.375 8.692
0.4 8.692
0.425 9.02
0.45 9.02
0.475 9.02
0.5 9.02
0.525 9.102
0.55 9.102
0.575 9.102
0.6 9.184
0.625 9.184
0.65 9.184
0.675 9.266
0.7 9.266
0.725 9.266
0.75 9.266
0.775 9.594
0.8 9.594
0.825 9.594
0.85 9.676
0.875 9.676
0.9 9.676
0.925 9.758
0.95 9.758
0.96 9.758
0.97 9.758
0.98 9.758
0.99 9.758
0.995 9.758
1 9.758

0 8.2
0.025 8.2
0.05 8.2
0.075 8.2
0.1 8.282
0.125 8.282
0.15 8.282
0.175 8.364
0.2 8.364
0.225 8.364
0.25 8.364
0.275 8.446
0.3 8.446
0.325 8.446
0.35 8.692
0.375 8.692
0.4 8.692
0.425 8.774
0.45 8.774
0.475 8.774
0.5 8.774
0.525 8.856
0.55 8.856
0.575 8.856
0.6 9.266
0.625 9.266
0.65 9.266
0.675 9.348
0.7 9.348
0.725 9.348
0.75 9.348
0.775 9.43
0.8 9.43
0.825 9.43
0.85 9.512
0.875 9.512
0.9 9.512
0.925 254.938
0.95 254.938
0.96 254.938
0.97 254.938
0.98 254.938
0.99 254.938
0.995 254.938
1 254.938
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (10, 20, 50, 100, 200)
set format y '%g'
set yrange [7.130434782608695:293.1787]
set object 1 rectangle from graph 0, first 8.1845 to graph 1, first 8.231 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 8.2 to graph 1, first 8.2 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (10, 20, 50, 100, 200)
set format y ''
set yrange [7.130434782608695:293.1787]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p7'
$first << EOD
0.55 0.0369
0.625 0.039483
0.7 0.042066
0.775 0.037269
0.85 0.039852
0.925 0.042435
1 0.037638
1.075 0.040221
1.15 0.042804
1.225 0.038007
1.3 0.04059
1.375 0.043173
1.55 0.038007
1.625 0.04059
1.7 0.043173
1.775 0.038376
1.85 0.040959
1.925 0.043542
2 0.038745
2.075 0.041328
2.15 0.043911
2.225 0.039114
2.3 0.041697
2.375 0.0369
2.55 0.039114
2.625 0.041697
2.7 0.0369
2.775 0.039483
2.85 0.042066
2.925 0.037269
3 0.039852
3.075 0.042435
3.15 0.037638
3.225 1.147221
3.3 0.042804
3.375 0.038007
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 0.0369
0.025 0.0369
0.05 0.0369
0.075 0.0369
0.1 0.037269
0.125 0.037269
0.15 0.037269
0.175 0.037638
0.2 0.037638
0.225 0.037638
0.25 0.037638
0.275 0.038007
0.3 0.038007
0.325 0.038007
0.35 0.039483
0.375 0.039483
0.4 0.039483
0.425 0.039852
0.45 0.039852
0.475 0.039852
0.5 0.039852
0.525 0.040221
0.55 0.040221
0.575 0.040221
0.6 0.04059
0.625 0.04059
0.65 0.04059
0.675 0.042066
0.7 0.042066
0.725 0.042066
0.75 0.042066
0.775 0.042435
0.8 0.042435
0.825 0.042435
0.85 0.042804
0.875 0.042804
0.9 0.042804
0.925 0.043173
0.95 0.043173
0.96 0.043173
0.97 0.043173
0.98 0.043173
0.99 0.043173
0.995 0.043173
1 0.043173

0 0.0369
0.025 0.0369
0.05 0.0369
0.075 0.0369
0.1 0.038007
0.125 0.038007
0.15 0.038007
0.175 0.038376
0.2 0.038376
0.225 0.038376
0.25 0.038376
0.275 0.038745
0.3 0.038745
0.325 0.038745
0.35 0.039114
0.375 0.039114
0.4 0.039114
0.425 0.04059
0.45 0.04059
0.475 0.04059
0.5 0.04059
0.525 0.040959
0.55 0.040959
0.575 0.040959
0.6 0.041328
0.625 0.041328
0.65 0.041328
0.675 0.041697
0.7 0.041697
0.725 0.041697
0.75 0.041697
0.775 0.043173
0.8 0.043173
0.825 0.043173
0.85 0.043542
0.875 0.043542
0.9 0.043542
0.925 0.043911
0.95 0.043911
0.96 0.043911
0.97 0.043911
0.98 0.043911
0.99 0.043911
0.995 0.043911
1 0.043911

0 0.0369
0.025 0.0369
0.05 0.0369
0.075 0.0369
0.1 0.037269
0.125 0.037269
0.15 0.037269
0.175 0.037638
0.2 0.037638
0.225 0.037638
0.25 0.037638
0.275 0.038007
0.3 0.038007
0.325 0.038007
0.35 0.039114
0.375 0.039114
0.4 0.039114
0.425 0.039483
0.45 0.039483
0.475 0.039483
0.5 0.039483
0.525 0.039852
0.55 0.039852
0.575 0.039852
0.6 0.041697
0.625 0.041697
0.65 0.041697
0.675 0.042066
0.7 0.042066
0.725 0.042066
0.75 0.042066
0.775 0.042435
0.8 0.042435
0.825 0.042435
0.85 0.042804
0.875 0.042804
0.9 0.042804
0.925 1.147221
0.95 1.147221
0.96 1.147221
0.97 1.147221
0.98 1.147221
0.99 1.147221
0.995 1.147221
1 1.147221
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (0.05, 0.1, 0.2, 0.5, 1)
set format y '%g'
set yrange [0.03208695652173914:1.31930415]
set object 1 rectangle from graph 0, first 0.0368845 to graph 1, first 0.036931 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 0.0369 to graph 1, first 0.0369 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, s' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (0.05, 0.1, 0.2, 0.5, 1)
set format y ''
set yrange [0.03208695652173914:1.31930415]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p8'
$first << EOD
0.55 18.45
0.625 19.7415
0.7 21.033
0.775 18.6345
0.85 19.926
0.925 21.2175
1 18.819
1.075 20.1105
1.15 21.402
1.225 19.0035
1.3 20.295
1.375 21.5865
1.55 19.0035
1.625 20.295
1.7 21.5865
1.775 19.188
1.85 20.4795
1.925 21.771
2 19.3725
2.075 20.664
2.15 21.9555
2.225 19.557
2.3 20.8485
2.375 18.45
2.55 19.557
2.625 20.8485
2.7 18.45
2.775 19.7415
2.85 21.033
2.925 18.6345
3 19.926
3.075 21.2175
3.15 18.819
3.225 573.6105
3.3 21.402
3.375 19.0035
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 18.45
0.025 18.45
0.05 18.45
0.075 18.45
0.1 18.6345
0.125 18.6345
0.15 18.6345
0.175 18.819
0.2 18.819
0.225 18.819
0.25 18.819
0.275 19.0035
0.3 19.0035
0.325 19.0035
0.35 19.7415
0.375 19.7415
0.4 19.7415
0.425 19.926
0.45 19.926
0.475 19.926
0.5 19.926
0.525 20.1105
0.55 20.1105
0.575 20.1105
0.6 20.295
0.625 20.295
0.65 20.295
0.675 21.033
0.7 21.033
0.725 21.033
0.75 21.033
0.775 21.2175
0.8 21.2175
0.825 21.2175
0.85 21.402
0.875 21.402
0.9 21.402
0.925 21.5865
0.95 21.5865
0.96 21.5865
0.97 21.5865
0.98 21.5865
0.99 21.5865
0.995 21.5865
1 21.5865

0 18.45
0.025 18.45
0.05 18.45
0.075 18.45
0.1 19.0035
0.125 19.0035
0.15 19.0035
0.175 19.188
0.2 19.188
0.225 19.188
0.25 19.188
0.275 19.3725
0.3 19.3725
0.325 19.3725
0.35 19.557
0.375 19.557
0.4 19.557
0.425 20.295
0.45 20.295
0.475 20.295
0.5 20.295
0.525 20.4795
0.55 20.4795
0.575 20.4795
0.6 20.664
0.625 20.664
0.65 20.664
0.675 20.8485
0.7 20.8485
0.725 20.8485
0.75 20.8485
0.775 21.5865
0.8 21.5865
0.825 21.5865
0.85 21.771
0.875 21.771
0.9 21.771
0.925 21.9555
0.95 21.9555
0.96 21.9555
0.97 21.9555
0.98 21.9555
0.99 21.9555
0.995 21.9555
1 21.9555

0 18.45
0.025 18.45
0.05 18.45
0.075 18.45
0.1 18.6345
0.125 18.6345
0.15 18.6345
0.175 18.819
0.2 18.819
0.225 18.819
0.25 18.819
0.275 19.0035
0.3 19.0035
0.325 19.0035
0.35 19.557
0.375 19.557
0.4 19.557
0.425 19.7415
0.45 19.7415
0.475 19.7415
0.5 19.7415
0.525 19.926
0.55 19.926
0.575 19.926
0.6 20.8485
0.625 20.8485
0.65 20.8485
0.675 21.033
0.7 21.033
0.725 21.033
0.75 21.033
0.775 21.2175
0.8 21.2175
0.825 21.2175
0.85 21.402
0.875 21.402
0.9 21.402
0.925 573.6105
0.95 573.6105
0.96 573.6105
0.97 573.6105
0.98 573.6105
0.99 573.6105
0.995 573.6105
1 573.6105
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (20, 50, 100, 200, 500)
set format y '%g'
set yrange [16.043478260869566:659.652075]
set object 1 rectangle from graph 0, first 18.4345 to graph 1, first 18.481 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 18.45 to graph 1, first 18.45 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (20, 50, 100, 200, 500)
set format y ''
set yrange [16.043478260869566:659.652075]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p9'
$row0 << EOD
0 4
1 60
2 40
3 50
4 50
5 NaN
EOD
$row1 << EOD
0 4
1 51
2 31
3 41
4 41
5 NaN
EOD
$row2 << EOD
0 4
1 42
2 22
3 32
4 32
5 NaN
EOD
$row3 << EOD
0 NaN
1 NaN
2 NaN
3 NaN
4 NaN
5 NaN
EOD
$row4 << EOD
0 4
1 51
2 31
3 41
4 41
5 NaN
EOD
$row5 << EOD
0 4
1 42
2 22
3 32
4 32
5 NaN
EOD
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set key above left horizontal Left reverse samplen 2 textcolor rgb '#1b1f24'
set xrange [-0.4:5.4]
set xtics ('before load' 0, 'load, peak' 1, 'after load' 2, 'warm-up, peak' 3, 'run, peak' 4, 'after unload' 5)
set label 1000000 'resident, MiB' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set yrange [0:64.8]
set lmargin at screen 0.10
set rmargin at screen 0.975
set bmargin at screen 0.12
plot $row0 with linespoints lw 1.5 pt 7 ps 0.7 lc rgb '#0072b2' title '1  fp32 · laptop', $row1 with linespoints lw 1.5 pt 5 ps 0.7 lc rgb '#c24e00' title '2  int8 · laptop', $row2 with linespoints lw 1.5 pt 9 ps 0.7 lc rgb '#007f5f' title '3  int4 · laptop', $row4 with linespoints lw 1.5 pt 11 ps 0.7 lc rgb '#7a5c00' title '5  int8 · raspberry-pi-4-of…', $row5 with linespoints lw 1.5 pt 15 ps 0.7 lc rgb '#3f4a9a' title '6  int4 · raspberry-pi-4-of…'
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p10'
$row0 << EOD
0 4
1 60
2 40
3 50
4 50
5 NaN
EOD
$row1 << EOD
0 4
1 51
2 31
3 41
4 41
5 NaN
EOD
$row2 << EOD
0 NaN
1 NaN
2 NaN
3 NaN
4 NaN
5 NaN
EOD
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set key above left horizontal Left reverse samplen 2 textcolor rgb '#1b1f24'
set xrange [-0.4:5.4]
set xtics ('before load' 0, 'load, peak' 1, 'after load' 2, 'warm-up, peak' 3, 'run, peak' 4, 'after unload' 5)
set label 1000000 'resident, MiB' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set yrange [0:64.8]
set lmargin at screen 0.10
set rmargin at screen 0.975
set bmargin at screen 0.12
plot $row0 with linespoints lw 1.5 pt 7 ps 0.7 lc rgb '#0072b2' title '7  fp32 · pixel-7a', $row1 with linespoints lw 1.5 pt 5 ps 0.7 lc rgb '#c24e00' title '8  int8 · pixel-7a'
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,386 dynamic noenhanced font 'sans-serif,13' name 'p11'
$case0 << EOD
0.5 12.3
0.5768 13.161
0.659 14.022
0.7465 12.423
0.8241 13.284
0.9071 14.145
0.9954 12.546
1.0737 13.407
1.1575 14.268
1.2465 12.669
1.3257 13.53
1.4101 14.391
18.5 12.669
18.5781 13.53
18.6616 14.391
18.7504 12.792
18.8293 13.653
18.9135 14.514
19.003 12.915
19.0827 13.776
19.1677 14.637
19.258 13.038
19.3384 13.899
19.4241 12.3
36.5 13.038
36.5247 13.899
36.551 12.3
36.5743 13.161
36.5992 14.022
36.6258 12.423
36.6493 13.284
36.6744 14.145
36.7012 12.546
36.725 382.407
37.449 14.268
37.476 12.669
EOD
$case1 << EOD
2.5 6.15
2.5768 6.5805
2.659 7.011
2.7465 6.2115
2.8241 6.642
2.9071 7.0725
2.9954 6.273
3.0737 6.7035
3.1575 7.134
3.2465 6.3345
3.3257 6.765
3.4101 7.1955
20.5 6.3345
20.5781 6.765
20.6616 7.1955
20.7504 6.396
20.8293 6.8265
20.9135 7.257
21.003 6.4575
21.0827 6.888
21.1677 7.3185
21.258 6.519
21.3384 6.9495
21.4241 6.15
38.5 6.519
38.5247 6.9495
38.551 6.15
38.5743 6.5805
38.5992 7.011
38.6258 6.2115
38.6493 6.642
38.6744 7.0725
38.7012 6.273
38.725 191.2035
39.449 7.134
39.476 6.3345
EOD
$case2 << EOD
4.5 4.1
4.5768 4.387
4.659 4.674
4.7465 4.141
4.8241 4.428
4.9071 4.715
4.9954 4.182
5.0737 4.469
5.1575 4.756
5.2465 4.223
5.3257 4.51
5.4101 4.797
22.5 4.223
22.5781 4.51
22.6616 4.797
22.7504 4.264
22.8293 4.551
22.9135 4.838
23.003 4.305
23.0827 4.592
23.1677 4.879
23.258 4.346
23.3384 4.633
23.4241 4.1
40.5 4.346
40.5247 4.633
40.551 4.1
40.5743 4.387
40.5992 4.674
40.6258 4.141
40.6493 4.428
40.6744 4.715
40.7012 4.182
40.725 127.469
41.449 4.756
41.476 4.223
EOD
$channel0 << EOD
0 40
1 41.5
2 43
3 44.5
4 46
5 47.5
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set object 1 rectangle from first 0, graph 0 to first 0.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 2 rectangle from first 0.5, graph 0 to first 1.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 3 rectangle from first 18, graph 0 to first 18.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 4 rectangle from first 18.5, graph 0 to first 19.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 5 rectangle from first 36, graph 0 to first 36.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 6 rectangle from first 36.5, graph 0 to first 37.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 7 rectangle from first 2, graph 0 to first 2.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 8 rectangle from first 2.5, graph 0 to first 3.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 9 rectangle from first 20, graph 0 to first 20.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 10 rectangle from first 20.5, graph 0 to first 21.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 11 rectangle from first 38, graph 0 to first 38.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 12 rectangle from first 38.5, graph 0 to first 39.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 13 rectangle from first 4, graph 0 to first 4.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 14 rectangle from first 4.5, graph 0 to first 5.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 15 rectangle from first 22, graph 0 to first 22.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 16 rectangle from first 22.5, graph 0 to first 23.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 17 rectangle from first 40, graph 0 to first 40.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 18 rectangle from first 40.5, graph 0 to first 41.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow from first 4, graph 0 to first 4, graph 1 nohead lw 1.5 lc rgb '#b3261e' front
set logscale y 10
set ytics (5, 10, 20, 50, 100, 200)
set format y '%g'
set yrange [3.5652173913043477:439.76804999999996]
set key above left horizontal Left reverse samplen 1 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.975
set tmargin at screen 0.9119
set bmargin at screen 0.4767
set xrange [0:41.6]
set xtics autofreq
set format x ''
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
plot $case0 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle, NaN with points pt 7 ps 0.8 lc rgb '#0072b2' title '1  fp32 · laptop', $case1 with points pt 5 ps 0.32 lc rgb '#c24e00' notitle, NaN with points pt 5 ps 0.8 lc rgb '#c24e00' title '2  int8 · laptop', $case2 with points pt 9 ps 0.32 lc rgb '#007f5f' notitle, NaN with points pt 9 ps 0.8 lc rgb '#007f5f' title '3  int4 · laptop'
set tmargin at screen 0.4093
set bmargin at screen 0.1554
unset logscale y
set format y '%g'
set format x '%g'
set ytics 2
set yrange [39.04:48.46]
set key at graph 1, graph 1.02 right bottom horizontal samplen 1.5 textcolor rgb '#1b1f24'
set label 1000000 '°C' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set xlabel 'time since the first block, s' textcolor rgb '#1b1f24' offset 0,0.2
plot $channel0 with lines lw 1.3 dt 1 lc rgb '#0072b2' title 'thermal.''<soc>''ˋdateˋ'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,406 dynamic noenhanced font 'sans-serif,13' name 'p12'
$case0 << EOD
NaN NaN
EOD
$case1 << EOD
8.5 12.3
8.5768 13.161
8.659 14.022
8.7465 12.423
8.8241 13.284
8.9071 14.145
8.9954 12.546
9.0737 13.407
9.1575 14.268
9.2465 12.669
9.3257 13.53
9.4101 14.391
26.5 12.669
26.5781 13.53
26.6616 14.391
26.7504 12.792
26.8293 13.653
26.9135 14.514
27.003 12.915
27.0827 13.776
27.1677 14.637
27.258 13.038
27.3384 13.899
27.4241 12.3
44.5 13.038
44.5247 13.899
44.551 12.3
44.5743 13.161
44.5992 14.022
44.6258 12.423
44.6493 13.284
44.6744 14.145
44.7012 12.546
44.725 382.407
45.449 14.268
45.476 12.669
EOD
$case2 << EOD
10.5 8.2
10.5768 8.774
10.659 9.348
10.7465 8.282
10.8241 8.856
10.9071 9.43
10.9954 8.364
11.0737 8.938
11.1575 9.512
11.2465 8.446
11.3257 9.02
11.4101 9.594
28.5 8.446
28.5781 9.02
28.6616 9.594
28.7504 8.528
28.8293 9.102
28.9135 9.676
29.003 8.61
29.0827 9.184
29.1677 9.758
29.258 8.692
29.3384 9.266
29.4241 8.2
46.5 8.692
46.5247 9.266
46.551 8.2
46.5743 8.774
46.5992 9.348
46.6258 8.282
46.6493 8.856
46.6744 9.43
46.7012 8.364
46.725 254.938
47.449 9.512
47.476 8.446
EOD
$channel0 << EOD
0 40
1 41.5
2 43
3 44.5
4 46
5 47.5
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set object 1 rectangle from first 8, graph 0 to first 8.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 2 rectangle from first 8.5, graph 0 to first 9.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 3 rectangle from first 26, graph 0 to first 26.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 4 rectangle from first 26.5, graph 0 to first 27.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 5 rectangle from first 44, graph 0 to first 44.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 6 rectangle from first 44.5, graph 0 to first 45.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 7 rectangle from first 10, graph 0 to first 10.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 8 rectangle from first 10.5, graph 0 to first 11.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 9 rectangle from first 28, graph 0 to first 28.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 10 rectangle from first 28.5, graph 0 to first 29.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 11 rectangle from first 46, graph 0 to first 46.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 12 rectangle from first 46.5, graph 0 to first 47.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow from first 4, graph 0 to first 4, graph 1 nohead lw 1.5 lc rgb '#b3261e' front
set logscale y 10
set ytics (10, 20, 50, 100, 200)
set format y '%g'
set yrange [7.130434782608695:439.76804999999996]
set key above left horizontal Left reverse samplen 1 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.975
set tmargin at screen 0.8670
set bmargin at screen 0.4532
set xrange [0:47.6]
set xtics autofreq
set format x ''
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
plot $case0 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle, NaN with points pt 7 ps 0.8 lc rgb '#0072b2' title '4  fp32 · raspberry-pi-4-of-t…', $case1 with points pt 5 ps 0.32 lc rgb '#c24e00' notitle, NaN with points pt 5 ps 0.8 lc rgb '#c24e00' title '5  int8 · raspberry-pi-4-of-t…', $case2 with points pt 9 ps 0.32 lc rgb '#007f5f' notitle, NaN with points pt 9 ps 0.8 lc rgb '#007f5f' title '6  int4 · raspberry-pi-4-of-t…'
set tmargin at screen 0.3892
set bmargin at screen 0.1478
unset logscale y
set format y '%g'
set format x '%g'
set ytics 2
set yrange [39.04:48.46]
set key at graph 1, graph 1.02 right bottom horizontal samplen 1.5 textcolor rgb '#1b1f24'
set label 1000000 '°C' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set xlabel 'time since the first block, s' textcolor rgb '#1b1f24' offset 0,0.2
plot $channel0 with lines lw 1.3 dt 1 lc rgb '#0072b2' title 'thermal.''<soc>''ˋdateˋ'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,386 dynamic noenhanced font 'sans-serif,13' name 'p13'
$case0 << EOD
12.5 0.0369
12.5768 0.039483
12.659 0.042066
12.7465 0.037269
12.8241 0.039852
12.9071 0.042435
12.9954 0.037638
13.0737 0.040221
13.1575 0.042804
13.2465 0.038007
13.3257 0.04059
13.4101 0.043173
30.5 0.038007
30.5781 0.04059
30.6616 0.043173
30.7504 0.038376
30.8293 0.040959
30.9135 0.043542
31.003 0.038745
31.0827 0.041328
31.1677 0.043911
31.258 0.039114
31.3384 0.041697
31.4241 0.0369
48.5 0.039114
48.5247 0.041697
48.551 0.0369
48.5743 0.039483
48.5992 0.042066
48.6258 0.037269
48.6493 0.039852
48.6744 0.042435
48.7012 0.037638
48.725 1.147221
49.449 0.042804
49.476 0.038007
EOD
$case1 << EOD
14.5 0.01845
14.5768 0.0197415
14.659 0.021033
14.7465 0.0186345
14.8241 0.019926
14.9071 0.0212175
14.9954 0.018819
15.0737 0.0201105
15.1575 0.021402
15.2465 0.0190035
15.3257 0.020295
15.4101 0.0215865
32.5 0.0190035
32.5781 0.020295
32.6616 0.0215865
32.7504 0.019188
32.8293 0.0204795
32.9135 0.021771
33.003 0.0193725
33.0827 0.020664
33.1677 0.0219555
33.258 0.019557
33.3384 0.0208485
33.4241 0.01845
50.5 0.019557
50.5247 0.0208485
50.551 0.01845
50.5743 0.0197415
50.5992 0.021033
50.6258 0.0186345
50.6493 0.019926
50.6744 0.0212175
50.7012 0.018819
50.725 0.5736105
51.449 0.021402
51.476 0.0190035
EOD
$case2 << EOD
NaN NaN
EOD
$channel0 << EOD
0 40
1 41.5
2 43
3 44.5
4 46
5 47.5
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set object 1 rectangle from first 12, graph 0 to first 12.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 2 rectangle from first 12.5, graph 0 to first 13.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 3 rectangle from first 30, graph 0 to first 30.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 4 rectangle from first 30.5, graph 0 to first 31.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 5 rectangle from first 48, graph 0 to first 48.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 6 rectangle from first 48.5, graph 0 to first 49.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 7 rectangle from first 14, graph 0 to first 14.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 8 rectangle from first 14.5, graph 0 to first 15.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 9 rectangle from first 32, graph 0 to first 32.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 10 rectangle from first 32.5, graph 0 to first 33.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 11 rectangle from first 50, graph 0 to first 50.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 12 rectangle from first 50.5, graph 0 to first 51.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow from first 4, graph 0 to first 4, graph 1 nohead lw 1.5 lc rgb '#b3261e' front
set logscale y 10
set ytics (0.02, 0.05, 0.1, 0.2, 0.5, 1)
set format y '%g'
set yrange [0.01604347826086957:1.31930415]
set key above left horizontal Left reverse samplen 1 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.975
set tmargin at screen 0.9119
set bmargin at screen 0.4767
set xrange [0:51.6]
set xtics autofreq
set format x ''
set label 1000000 'latency, s' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
plot $case0 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle, NaN with points pt 7 ps 0.8 lc rgb '#0072b2' title '7  fp32 · pixel-7a', $case1 with points pt 5 ps 0.32 lc rgb '#c24e00' notitle, NaN with points pt 5 ps 0.8 lc rgb '#c24e00' title '8  int8 · pixel-7a', $case2 with points pt 9 ps 0.32 lc rgb '#007f5f' notitle, NaN with points pt 9 ps 0.8 lc rgb '#007f5f' title '9  int4 · pixel-7a'
set tmargin at screen 0.4093
set bmargin at screen 0.1554
unset logscale y
set format y '%g'
set format x '%g'
set ytics 2
set yrange [39.04:48.46]
set key at graph 1, graph 1.02 right bottom horizontal samplen 1.5 textcolor rgb '#1b1f24'
set label 1000000 '°C' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set xlabel 'time since the first block, s' textcolor rgb '#1b1f24' offset 0,0.2
plot $channel0 with lines lw 1.3 dt 1 lc rgb '#0072b2' title 'thermal.''<soc>''ˋdateˋ'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,320 dynamic noenhanced font 'sans-serif,13' name 'p14'
$front << EOD
6.15 6.1345 6.181 71.8
4.1 4.0845 4.131 67.2
EOD
$behind << EOD
12.3 12.2845 12.331 71.8
EOD
$line << EOD
4.1 67.2
6.15 71.8
EOD
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [3.58971:12.82579]
set yrange [66.51:72.49]
set format y '%g'
set label '1  fp32 · laptop' at first 12.3, first 71.8 right offset 0.6,1.9 textcolor rgb '#1b1f24'
set label '2  int8 · laptop' at first 6.15, first 71.8 left offset -0.6,-0.9 textcolor rgb '#1b1f24'
set label '3  int4 · laptop' at first 4.1, first 67.2 left offset -0.6,0.9 textcolor rgb '#1b1f24'
set label 1000000 'accuracy, %' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.975
set tmargin at screen 0.96
set bmargin at screen 0.19
set xlabel 'median latency, ms, with its 95 % interval' textcolor rgb '#1b1f24' offset 0,0.2
plot $line with steps lw 1.5 lc rgb '#007f5f', $behind using 1:4:2:3 with xerrorbars pt 6 ps 0.9 lw 1 lc rgb '#5b626b', $front using 1:4:2:3 with xerrorbars pt 7 ps 0.9 lw 1 lc rgb '#007f5f'
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,320 dynamic noenhanced font 'sans-serif,13' name 'p15'
$front << EOD
12.3 12.2845 12.331 71.8
8.2 8.1845 8.231 67.2
EOD
$behind << EOD
NaN NaN NaN NaN
EOD
$line << EOD
8.2 67.2
12.3 71.8
EOD
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [7.93571:12.57979]
set yrange [66.51:72.49]
set format y '%g'
set label '5  int8 · raspberry-pi-4-of-t…' at first 12.3, first 71.8 right offset 0.6,-0.9 textcolor rgb '#1b1f24'
set label '6  int4 · raspberry-pi-4-of-t…' at first 8.2, first 67.2 left offset -0.6,0.9 textcolor rgb '#1b1f24'
set label 1000000 'accuracy, %' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.975
set tmargin at screen 0.96
set bmargin at screen 0.19
set xlabel 'median latency, ms, with its 95 % interval' textcolor rgb '#1b1f24' offset 0,0.2
plot $line with steps lw 1.5 lc rgb '#007f5f', $behind using 1:4:2:3 with xerrorbars pt 6 ps 0.9 lw 1 lc rgb '#5b626b', $front using 1:4:2:3 with xerrorbars pt 7 ps 0.9 lw 1 lc rgb '#007f5f'
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,320 dynamic noenhanced font 'sans-serif,13' name 'p16'
$front << EOD
18.45 18.4345 18.481 71.8
EOD
$behind << EOD
36.9 36.8845 36.931 71.8
EOD
$line << EOD
18.45 71.8
EOD
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [17.32471:38.040789999999994]
set yrange [71.3:72.3]
set format y '%g'
set label '7  fp32 · pixel-7a' at first 36.9, first 71.8 right offset 0.6,-0.9 textcolor rgb '#1b1f24'
set label '8  int8 · pixel-7a' at first 18.45, first 71.8 left offset -0.6,0.9 textcolor rgb '#1b1f24'
set label 1000000 'accuracy, %' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.975
set tmargin at screen 0.96
set bmargin at screen 0.19
set xlabel 'median latency, ms, with its 95 % interval' textcolor rgb '#1b1f24' offset 0,0.2
plot $line with steps lw 1.5 lc rgb '#007f5f', $behind using 1:4:2:3 with xerrorbars pt 6 ps 0.9 lw 1 lc rgb '#5b626b', $front using 1:4:2:3 with xerrorbars pt 7 ps 0.9 lw 1 lc rgb '#007f5f'
set output
